import type { RunFile } from './run-file.mts';
import { shownPath } from './shown-path.mts';

export interface PanelContent {
  run: RunFile;
  /** Where requests end. */
  upstream: string;
  /** Things the reader must know, one sentence each. */
  notes: string[];
  seconds: number;
  homeDir: string;
}

/** Rules above and below but none at the sides: the command must survive copy and paste. */
export function panel(content: PanelContent): string {
  const { run } = content;
  const rule = '─'.repeat(78);
  return [
    '',
    rule,
    `  Reelay is ready (${content.seconds.toFixed(1)} s)`,
    '',
    `  gateway     ${run.gatewayUrl}`,
    `  API key     ${run.apiKey}`,
    `  admin key   ${run.adminKey}`,
    `  upstream: ${content.upstream}`,
    ...content.notes.map((note) => `  note: ${note}`),
    '',
    '  Make a video (about ten seconds):',
    '',
    curl(run),
    '',
    `  Data and keys are in ${shownPath(content.homeDir)}. Ctrl-C stops everything.`,
    rule,
    '',
  ].join('\n');
}

function curl(run: RunFile): string {
  const body = {
    model: 'sora2-landscape-10s',
    stream: true,
    messages: [{ role: 'user', content: 'A paper boat crosses a puddle in the rain' }],
  };
  return [
    `curl -N ${run.gatewayUrl}/v1/chat/completions \\`,
    `  -H 'Authorization: Bearer ${run.apiKey}' \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '${JSON.stringify(body)}'`,
  ].join('\n');
}
