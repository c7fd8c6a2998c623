import path from 'node:path';

/** The checkout. */
export const root = path.resolve(import.meta.dirname, '../..');

/** What can be fetched or made again at any time: nothing in it is the user's. */
export const cacheDir = path.join(root, '.cache');

/** The data folder of `npm start`: keys, database, queue, media. */
export const homeDir = path.resolve(root, process.env.REELAY_HOME || '.reelay');
