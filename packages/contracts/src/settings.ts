/**
 * Run-time settings: rows of table `setting`, edited while everything runs. Every number that a test must scale is one of these.
 * Times are milliseconds.
 */
import { z } from 'zod';
import { isTimeZone } from './time-zone.js';

const milliseconds = (fallback: number) => z.number().int().nonnegative().default(fallback);
/** Of something that is repeated: too small a one would spin. */
const period = (fallback: number) => z.number().int().min(20).default(fallback);
const count = (fallback: number) => z.number().int().positive().default(fallback);
const percent = (fallback: number, least = 0) => z.number().int().min(least).max(100).default(fallback);

/** By what assignment chooses among the tokens that could do it equally well. */
export const assignStrategies = ['least-loaded', 'round-robin', 'random', 'weighted', 'most-remaining-quota'] as const;
export type AssignStrategy = (typeof assignStrategies)[number];

export const settingsSchema = z.object({
  /** From accept to the latest end of a generation. */
  'generation.deadlineMs': milliseconds(60 * 60_000),
  /** How long a non-streaming request waits before it answers 504 `still_running`. */
  'generation.waitMs': milliseconds(280_000),
  /** Silence after which a stream sends a comment line. */
  'stream.keepAliveMs': period(12_000),
  /** How often the seqs of all watched generations are compared with the database. */
  'stream.recheckMs': period(10_000),
  /** Bytes written to a stream that its client has not taken, beyond which it is sent no more, and how long it may go on taking nothing. */
  'stream.bufferBytes': count(256 * 1024),
  'stream.drainMs': period(30_000),
  /** Streams at once: of one key in one gateway, and in one gateway at all. */
  'stream.openPerKey': count(1_000),
  'stream.open': count(5_000),
  /** Generations that have not ended: of one key, and at all. What would be one more is refused. */
  'admission.openPerKey': count(1_000),
  'admission.open': count(10_000),
  /** Requests of one key in one minute, over all gateways, for keys that say nothing else; 0 is no limit. */
  'rate.requestsPerMinute': z.number().int().nonnegative().default(0),
  /** What one generation costs that the upstream takes, by model, in one currency (ISO 4217). A model that is missing costs nothing. */
  'price.models': z.record(z.string(), z.number().nonnegative().max(1e9)).default({}),
  'price.currency': z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default('USD'),
  /** Hard socket timeout of the one paid request, counted from `sent` (T). */
  'submit.timeoutMs': milliseconds(45_000),
  /** Longest time between the start of the `sent` commit and the first byte. */
  'submit.freshnessMs': milliseconds(5_000),
  /** How long a submit waits for its turn on a token where reconciliation is by elimination. */
  'submit.turnMs': milliseconds(20_000),
  /** Refusals through the token's fault before the generation fails with the last reason. */
  'submit.maximumRefusals': count(5),
  /** Times a submit of one step may be proven never to have reached the upstream before the generation fails. */
  'submit.maximumAbsences': count(5),
  /**
   * Names of targets where a submit of unknown outcome that cannot be sought in any way is sent once more instead of failing: lost work
   * may be repeated there, and perhaps be paid for twice.
   */
  'submit.resubmitOnce': z.array(z.string().min(1).max(100)).max(1_000).default([]),
  /** First and longest pause before a submit that was not sent is tried again. */
  'submit.retryMinimumMs': milliseconds(1_000),
  'submit.retryMaximumMs': milliseconds(30_000),
  /** Clean listings needed, and the shortest time they must span, before an unknown submit counts as absent. */
  'reconcile.listings': count(3),
  'reconcile.settleMs': milliseconds(60_000),
  /** Longest time a task may be on neither list, between leaving the pending and entering the finished ones. */
  'reconcile.listGapMs': milliseconds(30_000),
  /** Age up to which the token's last complete list serves as `known_before`. */
  'reconcile.knownBeforeMs': milliseconds(5_000),
  'poll.minimumMs': milliseconds(1_000),
  'poll.maximumMs': milliseconds(15_000),
  /** Longest time an accepted task may take upstream. */
  'render.maximumMs': milliseconds(50 * 60_000),
  /** Pause before fetching media is tried again, and how often. */
  'finish.retryMs': milliseconds(2_000),
  'finish.attempts': count(20),
  /** Cool-down of a token after a fault that names no time of its own. */
  'token.coolDownMs': milliseconds(60_000),
  /** Faults in a row from which any fault of a token makes it rest, and beyond which its rests grow by the factor up to the longest. */
  'token.faultThreshold': count(3),
  'token.coolDownFactor': count(2),
  'token.coolDownLongestMs': milliseconds(60 * 60_000),
  /** Videos of a token's quota that are left untouched. */
  'token.quotaMargin': z.number().int().nonnegative().default(0),
  /** How long a token that has no videos left rests where the upstream does not say until when. */
  'token.quotaRestMs': period(60 * 60_000),
  /** How long the history of tokens is kept. */
  'token.historyDays': count(90),
  /** Submits in a row that did not get through a proxy until its accounts are given no work, and for how long at first and at the most. */
  'proxy.faultThreshold': count(3),
  'proxy.openMs': milliseconds(30_000),
  'proxy.openLongestMs': milliseconds(10 * 60_000),
  /** What limit −1 (unlimited) means in slots. */
  'token.unlimitedSlots': count(1_000),
  /** The same for images, whose upstream list shows no more than some newest. */
  'token.unlimitedImageSlots': count(50),
  /** Period of the in-process timers that restore jobs, deadlines and open attempts. */
  'timer.repairMs': period(10_000),
  'timer.assignMs': period(1_000),
  /** How often it is looked for things left upstream that may be removed now. */
  'timer.litterMs': period(2_000),
  /** Tries to remove something upstream before a person must. */
  'litter.attempts': count(30),
  /** Among tokens that can do a work equally well, the least capable first, which is given it. */
  'assign.strategy': z.enum(assignStrategies).default('least-loaded'),
  /** How long after an account was deleted rows that only it could serve go on waiting: it may be about to be added again. */
  'assign.hopelessAfterMs': milliseconds(60_000),
  /** Rows of one batch (import, test, refresh) that one token-manager works on at once, and how long a finished batch can be read. */
  'batch.concurrency': count(4),
  'batch.keepDays': count(7),
  /** Times a row that failed for a passing reason is tried again, and the first pause before it; each further one is four times as long. */
  'batch.retries': z.number().int().min(0).max(10).default(2),
  'batch.retryMs': period(15_000),
  /** Part of an access token's lifetime after which it is renewed, and up to which part of that time earlier, by chance. */
  'refresh.lifetimePercent': percent(80, 5),
  'refresh.jitterPercent': percent(10),
  /** Renewals at once per token-manager and upstream, and per minute and upstream, however many token-managers there are. */
  'refresh.concurrency': count(4),
  'refresh.perMinute': count(240),
  /** First pause before a renewal that could not be done is tried again; each further one is twice as long, at most an hour. */
  'refresh.retryMs': period(5 * 60_000),
  /** How often the upstream is asked about an account, and how long after a finished video. */
  'inspect.everyMs': period(24 * 3_600_000),
  'inspect.afterVideoMs': milliseconds(30_000),
  /** The same limits for that, and the pause after a question that was not answered. */
  'inspect.concurrency': count(4),
  'inspect.perMinute': count(240),
  'inspect.retryMs': period(5 * 60_000),
  /** Where a day begins for the statistics: a name of the IANA time zone database. Days that are over stay as they were counted. */
  'statistics.timeZone': z.string().refine(isTimeZone, 'is not a name of the IANA time zone database').default('UTC'),
  /** How often it is noted how much of the pool is in use, and how long that is kept. */
  'statistics.sampleMs': period(60_000),
  'statistics.sampleDays': count(90),
  /** How long events for operators can be read. */
  'operator.eventDays': count(90),
  /** How long the receiver of a webhook may take to answer, and how many events are on their way to one endpoint at once. */
  'webhook.timeoutMs': period(15_000),
  'webhook.concurrency': count(4),
  /** First pause before an event is sent again, each further one four times as long up to the longest, and for how long that goes on. */
  'webhook.retryMs': period(5_000),
  'webhook.retryLongestMs': period(4 * 3_600_000),
  'webhook.retryForMs': milliseconds(72 * 3_600_000),
  /** Age of nothing but failures at which an endpoint is disabled. */
  'webhook.disableAfterMs': milliseconds(5 * 24 * 3_600_000),
  /** How long events and what became of them can be read and sent once more. */
  'webhook.logDays': count(30),
  /** How often it is looked for events that are to be sent. */
  'timer.webhookMs': period(1_000),
  /** Whether the board of queues may change jobs and queues; otherwise it only shows them. */
  'board.allowActions': z.boolean().default(false),
  /** Validity of signed media links. */
  'media.linkSeconds': count(24 * 3600),
  /** How long media are kept after the end of their generation; 0 is for ever. */
  'media.keepHours': z.number().int().nonnegative().default(0),
  /** Most bytes of media that are kept, of all and of one owner: the oldest make room. 0 is without limit. */
  'media.mostBytes': z.number().int().nonnegative().default(0),
  'media.mostBytesPerOwner': z.number().int().nonnegative().default(0),
  /** Media that are younger do not make room: their client is perhaps just fetching them. */
  'media.spareMs': milliseconds(60 * 60_000),
  /** How often it is looked for media whose time is over. */
  'media.sweepMs': period(60_000),
  /** Whether finished media are stored here; otherwise clients are given the upstream's own addresses. */
  'media.store': z.boolean().default(true),
  /** For how long an address of the bucket is good to which clients are sent for a file; 0 sends the file itself. */
  'media.redirectSeconds': z
    .number()
    .int()
    .min(0)
    .max(7 * 24 * 3600)
    .default(0),
  /** How long is known what was made, what was used, what was said to upstreams and what days brought; 0 is for ever. */
  'generation.keepDays': z.number().int().nonnegative().default(0),
  'usage.keepDays': z.number().int().nonnegative().default(0),
  'call.keepDays': count(7),
  'statistics.keepDays': z.number().int().nonnegative().default(0),
  /** The same for an image, and for the making of a character. */
  'render.imageMaximumMs': milliseconds(10 * 60_000),
  'render.characterMaximumMs': milliseconds(10 * 60_000),
  /** Largest image and video a client may give as reference, bytes, and how long an address of one may take to answer. */
  'reference.imageBytes': count(20 * 1024 * 1024),
  'reference.videoBytes': z
    .number()
    .int()
    .positive()
    .max(200 * 1024 * 1024)
    .default(40 * 1024 * 1024),
  'reference.fetchMs': milliseconds(15_000),
  /** Origins whose pages may call the API: `https://app.example.org`, or `*` for all; none in an empty list. Never with cookies. */
  'cors.origins': z
    .array(
      z
        .string()
        .max(200)
        .regex(/^(\*|https?:\/\/[^/\s]+)$/, 'is neither * nor an origin like https://app.example.org'),
    )
    .max(100)
    .default(['*']),
  /** The most pixels an image may have. */
  'reference.imagePixels': count(40_000_000),
  /** What the files of one owner may take together, bytes, and how many there may be. */
  'files.ownerBytes': count(10 * 1024 * 1024 * 1024),
  'files.ownerFiles': count(10_000),
  /** Age at which a reference that no generation uses is removed. */
  'reference.sweepMs': milliseconds(60 * 60_000),
  /** Prompt enhancements at once per token; they take no slot. */
  'token.enhancements': count(4),
  /** Sora: tasks asked of the list of images, and the most it is asked to grow to. */
  'sora.recentTasks': count(20),
  'sora.recentTasksMost': count(100),
  /** Sora: whether an own video may be published for as long as it is being remixed. */
  'sora.publishForRemix': z.boolean().default(false),
  /** Sora: whether an account without a username is given one when it is inspected. */
  'sora.claimUsername': z.boolean().default(false),
  /** Sora: items asked of the drafts list per page, and pages followed at most. */
  'sora.draftsPage': count(15),
  'sora.draftsPages': count(20),
});

export type Settings = z.infer<typeof settingsSchema>;
export type SettingKey = keyof Settings;

export const defaultSettings: Settings = settingsSchema.parse({});
export const settingKeys = Object.keys(settingsSchema.shape) as SettingKey[];

/** Bad or unknown rows fall back to the default: a wrong setting must not stop the pool. Returns what was ignored. */
export function readSettings(rows: readonly { key: string; value: unknown }[]): {
  settings: Settings;
  ignored: string[];
} {
  const settings: Record<string, unknown> = { ...defaultSettings };
  const ignored: string[] = [];
  for (const { key, value } of rows) {
    const field = Object.hasOwn(settingsSchema.shape, key) ? settingsSchema.shape[key as SettingKey] : undefined;
    const parsed = field?.safeParse(value);
    if (parsed?.success) settings[key] = parsed.data;
    else ignored.push(key);
  }
  return { settings: settings as Settings, ignored };
}
