const TIMELINE = 'current timeline:\n';
const INSTRUCTIONS = '\n\ninstructions:\n';
const SHOT = /^Shot (\d+):\nduration: \d+(?:\.\d+)?sec\nScene: /;
const TAG = /\[\d+(?:\.\d+)?s\]/;
/** A tag with something to show behind it: a client that knows the form would have made a shot of it. */
const TAG_WITH_SCENE = /\[\d+(?:\.\d+)?s\][^[]*[^[\s]/;

/**
 * Says what is wrong with the prompt of a storyboard, if anything is. It must be shots, with `current timeline:` before and
 * `instructions:` after them or without both; a text with tags that no scene follows comes as it is.
 */
export function checkStoryboardText(prompt: string): string | undefined {
  if (!/^(current timeline:\n)?Shot /.test(prompt)) return checkUnformatted(prompt);
  const hasTimeline = prompt.startsWith(TIMELINE);
  const end = prompt.lastIndexOf(INSTRUCTIONS);
  if (hasTimeline !== end >= 0) return '"current timeline:" and "instructions:" belong together';
  if (hasTimeline && prompt.slice(end + INSTRUCTIONS.length).trim() === '') return 'the instructions are blank';
  return checkShots(hasTimeline ? prompt.slice(TIMELINE.length, end) : prompt);
}

function checkUnformatted(prompt: string): string | undefined {
  if (TAG_WITH_SCENE.test(prompt)) return 'a tag with a scene behind it must be formatted as a shot';
  return TAG.test(prompt) ? undefined : 'has neither shots ("Shot 1:") nor tags ("[5s]")';
}

function checkShots(text: string): string | undefined {
  let rest = text;
  for (let number = 1; ; number += 1) {
    const header = SHOT.exec(rest);
    if (header === null || Number(header[1]) !== number) {
      return `shot ${number} does not begin with "Shot ${number}:", "duration: <number>sec" and "Scene: " on lines of their own`;
    }
    const body = rest.slice(header[0].length);
    // A scene may hold blank lines: it ends where the next shot begins, and nowhere else.
    const next = body.indexOf(`\n\nShot ${number + 1}:\n`);
    if (next < 0) return undefined;
    rest = body.slice(next + 2);
  }
}
