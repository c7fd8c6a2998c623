/** What really came out: files fetched and measured. */
import { probeImage } from '@reelay/platform/probe-image';
import { sniffMedia } from '@reelay/platform/sniff-media';
import { probeMp4 } from '@reelay/testing/mp4';

export interface MediaFacts {
  /** As the bytes say. */
  type: string | undefined;
  /** As the answer's header says. */
  contentType: string | null;
  width: number | undefined;
  height: number | undefined;
  durationMs: number | undefined;
}

export async function measure(url: string): Promise<MediaFacts> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  const type = sniffMedia(bytes);
  const facts = { type, contentType: response.headers.get('content-type') };
  if (type === 'video/mp4') {
    const { width, height, durationMs } = probeMp4(bytes);
    return { ...facts, width, height, durationMs };
  }
  const size = probeImage(bytes);
  return { ...facts, width: size?.width, height: size?.height, durationMs: undefined };
}
