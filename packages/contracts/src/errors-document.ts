/** The text of `docs/errors.md`, made from the registry so that both cannot differ. Pure; `tools/write-errors-doc.mts` writes it. */
import { type ErrorDefinition, errorRegistry } from './errors.js';

const head = `# Errors

Every error of the gateway, on every path, has OpenAI's body:

\`\`\`json
{"error": {"message": "…", "type": "invalid_request_error", "param": "model", "code": "model_not_found"}}
\`\`\`

- \`code\` is one of the table and is what programs should look at; \`message\` is for people and says what to do; \`param\` names the field, or is null.
- Every answer carries \`x-request-id\`. The same id stands on the log lines of that request; name it when you report a problem.
- Official SDKs repeat a request by themselves on some statuses. Where that would be wrong the answer says \`x-should-retry: false\`; where it is
  right, \`Retry-After\` says after how many seconds.
- In a stream that has begun the error is one line, \`data: {"error": {…}}\`, and the stream ends after it.
- \`still_running\` and \`gateway_restarting\` carry \`generation_id\` and \`url\`: the generation goes on and can be read there.
- An error that belongs to a generation (it failed at the upstream, say) has the same codes in \`GET /v1/videos/{id}\` and \`GET /v1/generations/{id}\`.

| code | status | repeated by SDKs | what happened, and what to do |
| --- | --- | --- | --- |
`;

const foot = `
Codes marked "inside" never reach a client: it gets \`internal_error\` instead, and the log has the rest.
`;

export function renderErrorsDocument(): string {
  const rows = Object.entries<ErrorDefinition>(errorRegistry).map(renderRow);
  return `${head}${rows.join('\n')}\n${foot}`;
}

function renderRow([code, { status, retry, public: isPublic, help }]: [string, ErrorDefinition]): string {
  const isInside = !isPublic && code !== 'internal_error';
  return `| \`${code}\` | ${status} | ${retry ? 'yes' : 'no'} | ${isInside ? 'Inside. ' : ''}${help} |`;
}
