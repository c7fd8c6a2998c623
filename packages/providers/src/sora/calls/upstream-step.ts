/** What an adaptor says of a request before it sends it, so that a failure can be judged. */
export interface UpstreamStep {
  /**
   * - `call`: repeating it costs nothing, so a lost answer is no loss, and it carries nothing that a client could have got wrong.
   * - `offer`: repeating it costs nothing either, but what it carries may be refused: a picture, an invitation.
   * - `submit`: the one request of a step that counts.
   * - `exchange`: spends a refresh token, so a lost answer may have cost it.
   */
  readonly kind: 'call' | 'offer' | 'submit' | 'exchange';
  /** Method and path, for people who read the message. */
  readonly name: string;
  /**
   * What a refusal is most likely about, besides the text:
   * - `reference`: the bytes of an image or video that the client gave.
   * - `parent`: the draft or clip that the client named.
   * - `character`: the cameo that we uploaded before, under a name that we chose.
   * - `media`: a signed address, whose host knows nothing of accounts.
   */
  readonly about?: 'reference' | 'parent' | 'character' | 'media';
  /** What it carries that no message may show, where its form does not give it away as access tokens do. */
  readonly secrets?: readonly string[];
}

/** Whether it must not be sent a second time before it is known what became of the first. */
export function isOnceOnly({ kind }: UpstreamStep): boolean {
  return kind === 'submit' || kind === 'exchange';
}

/** Whether the client's own doing is in it. */
export function carriesClientsWork({ kind }: UpstreamStep): boolean {
  return kind === 'submit' || kind === 'offer';
}
