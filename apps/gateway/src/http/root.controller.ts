import { Controller, Get, Header, Inject } from '@nestjs/common';
import { GatewayParts } from '../gateway-parts.js';
import { Public } from './access.js';

/** For people who open the address in a browser. */
@Public()
@Controller()
export class RootController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
  @Header('x-content-type-options', 'nosniff')
  page(): string {
    const { version, commit } = this.parts;
    return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Reelay</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:4rem auto;padding:0 1rem}code{background:#8882;padding:.1em .3em}</style>
<h1>Reelay gateway</h1>
<p>Version ${version}${commit === null ? '' : `, commit ${escapeHtml(commit)}`}.</p>
<p>An OpenAI-compatible API for video and image generation. Set a client's base URL to this address with <code>/v1</code> at its end, and its
API key to one of this installation's keys.</p>
<ul>
<li><code>POST /v1/chat/completions</code>: an image, a video, a character or a better prompt as a chat answer, streamed with its progress</li>
<li><code>POST /v1/videos</code>, <code>GET /v1/videos/{id}</code>, <code>GET /v1/videos/{id}/content</code></li>
<li><code>GET /v1/generations/{id}</code>: any generation by any of its ids</li>
<li><code>POST /v1/files</code>: images and videos that several requests use</li>
<li><code>GET /v1/models</code></li>
<li><code>GET /healthz</code>, <code>GET /readyz</code></li>
</ul>
<p><a href="docs">All routes, to read and to try</a>, also as <a href="openapi.json">OpenAPI 3.1</a>.</p>
<p>The README of the source has examples; <code>docs/workflows.md</code> says what can be asked, and <code>docs/errors.md</code> explains every error code.</p>
</html>
`;
  }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
