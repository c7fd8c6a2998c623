/** What is collected while a run goes on; `conclude` makes the history of it. */
import type { Accept, FetchedMedia, History, InjectedFault, Sample, Stream, View } from '../judge/history.js';

export class Record {
  readonly faults: InjectedFault[] = [];
  readonly accepts: Accept[] = [];
  readonly views: View[] = [];
  readonly streams: Stream[] = [];
  readonly media: FetchedMedia[] = [];
  readonly cancels: History['cancels'] = [];
  readonly deletes: History['deletes'] = [];
  readonly trespasses: History['trespasses'] = [];
  readonly samples: Sample[] = [];
  readonly unfitAnswers: string[] = [];
  /** Bodies of errors that clients were shown, to be searched for secrets. */
  readonly errorBodies: string[] = [];
}
