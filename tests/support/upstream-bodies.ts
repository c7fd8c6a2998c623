/** The bodies of Sora's submits as its web page sends them, every key of them; what a test is about is given. */

export const videoBody = (more: object) => ({
  kind: 'video',
  orientation: 'landscape',
  size: 'small',
  n_frames: 300,
  model: 'sy_8',
  inpaint_items: [],
  style_id: null,
  ...more,
});
export const storyboardBody = (more: object) => ({
  ...videoBody({}),
  title: 'Draft your video',
  storyboard_id: null,
  remix_target_id: null,
  metadata: null,
  cameo_ids: null,
  cameo_replacements: null,
  audio_caption: null,
  audio_transcript: null,
  video_caption: null,
  ...more,
});
export const remixBody = (more: object) => {
  const { size: _, ...body } = videoBody({});
  return { ...body, cameo_ids: [], cameo_replacements: {}, ...more };
};
