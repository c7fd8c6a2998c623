/** What is kept of upstream calls: no signature of any kind of signed address, and no client's text may hold up the event loop. */
import { maskBody, maskHeaders } from '@reelay/platform/call-record';

it('a prompt of the greatest length is masked in a fraction of a second, whatever it consists of', () => {
  const body = JSON.stringify({ kind: 'video', prompt: `?${'a.'.repeat(15_990)}` });
  const startedAt = performance.now();
  maskBody(body, 'application/json');
  expect(performance.now() - startedAt).toBeLessThan(200);
});

it.each(['X-Amz-Signature', 'X-Amz-Security-Token', 'X-Goog-Signature'])(
  'the value of %s does not survive in a body or header',
  (name) => {
    const url = `https://bucket.example/v.mp4?X-Date=1&${name}=canary`;
    expect(maskBody(JSON.stringify({ items: [{ url }] }), 'application/json')).not.toContain('canary');
    expect(maskHeaders({ location: url }).location).not.toContain('canary');
  },
);
