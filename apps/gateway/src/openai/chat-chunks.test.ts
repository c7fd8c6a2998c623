import { AppError } from '@reelay/contracts/errors';
import { ChatChunks, doneLine, errorLine, keepAliveComment } from './chat-chunks.js';

const head = '"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795000000,"model":"m"';
const chunks = new ChatChunks({ id: 'chatcmpl-1', created: 1_795_000_000, model: 'm', includeUsage: false });
const counted = new ChatChunks({ id: 'chatcmpl-1', created: 1_795_000_000, model: 'm', includeUsage: true });
const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };

test('the first chunk has the role and empty content, byte for byte', () => {
  expect(chunks.role()).toBe(
    `data: {${head},"choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}\n\n`,
  );
});

test('progress and content go into their own fields, line breaks stay inside the JSON', () => {
  expect(chunks.reasoning('a\nb')).toBe(
    `data: {${head},"choices":[{"index":0,"delta":{"reasoning_content":"a\\nb"},"logprobs":null,"finish_reason":null}]}\n\n`,
  );
  expect(chunks.content('x')).toBe(
    `data: {${head},"choices":[{"index":0,"delta":{"content":"x"},"logprobs":null,"finish_reason":null}]}\n\n`,
  );
});

test('the end is an empty delta with its finish reason, then [DONE] and a blank line', () => {
  expect(chunks.end(usage)).toBe(
    `data: {${head},"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`,
  );
});

test('refused content is an empty delta with its own finish reason; the error that says why is to follow', () => {
  expect(chunks.filtered()).toBe(
    `data: {${head},"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"content_filter"}]}\n\n`,
  );
});

test('what is for programs stands in the choice, beside the delta', () => {
  const at = { generation_id: 'chatcmpl-1' };
  for (const chunk of [chunks.role(at), chunks.content('x', at)]) {
    expect(chunk).toContain('"finish_reason":null,"generation_id":"chatcmpl-1"}]}');
  }
});

test('usage is null in every chunk and comes in one of its own, only where it was asked for', () => {
  const text = counted.role() + counted.content('x') + counted.end(usage);
  const events = text
    .split('\n\n')
    .slice(0, -2)
    .map((line) => JSON.parse(line.slice('data: '.length)) as { usage: unknown; choices: unknown[] });
  expect(events.map((event) => event.usage)).toEqual([null, null, null, usage]);
  expect(events.at(-1)?.choices).toEqual([]);
  expect(text.endsWith(`\n\n${doneLine}`)).toBe(true);
  expect(chunks.role() + chunks.end(usage)).not.toContain('usage');
});

test('an error is one data line with the wrapped object and no event name', () => {
  expect(errorLine(new AppError('upstream_failed', 'It broke.', { details: { generation_id: 'chatcmpl-1' } }))).toBe(
    'data: {"error":{"message":"It broke.","type":"server_error","param":null,"code":"upstream_failed","generation_id":"chatcmpl-1"}}\n\n',
  );
});

test('what python takes for the end of a line is never sent as it is', () => {
  const text = 'cat\u2028dog\u2029fox\u0085hen';
  const line = chunks.content(text);
  expect(line).not.toMatch(/[\u0085\u2028\u2029]/);
  expect(JSON.parse(line.slice('data: '.length))).toMatchObject({ choices: [{ delta: { content: text } }] });
});

test('nothing but data lines and comments ever stands on the wire', () => {
  const all = [
    chunks.role(),
    chunks.reasoning('id: 1\nretry: 2'),
    counted.end(usage),
    errorLine(new Error('x')),
    keepAliveComment,
  ];
  for (const line of all.join('').split('\n')) expect(line).toMatch(/^(data: .+|: keep-alive|)$/);
  expect(keepAliveComment).toBe(': keep-alive\n\n');
});
