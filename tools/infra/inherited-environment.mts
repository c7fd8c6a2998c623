/** A bucket in the place of the folder of media, for the apps that have to do with them. */
export const bucketSettings = [
  ...['S3_BUCKET', 'S3_PREFIX', 'S3_REGION', 'S3_ENDPOINT', 'S3_PUBLIC_ENDPOINT', 'S3_PATH_STYLE'],
  ...['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'],
];

/** What belongs to one app only, or is decided by the launcher: never inherited by accident. */
const oursAlone = [
  ...['DATABASE_URL', 'REDIS_URL', 'MASTER_KEY', 'OLD_MASTER_KEYS', 'WEB_KEY', 'INTERNAL_KEY', 'ADMIN_KEY', 'API_KEY'],
  ...bucketSettings,
  ...['HOST', 'PORT', 'TOKEN_MANAGER_URL', 'SIMULATOR_URL', 'SIMULATOR_STATE_DIR', 'STORAGE_DIR', 'REELAY_COMMIT'],
].flatMap((name) => [name, `${name}_FILE`]);

/** What a process that is started here may inherit: all but the keys and settings of the apps. PATH, TZ, LANG and the like stay. */
export function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !oursAlone.includes(name)));
}
