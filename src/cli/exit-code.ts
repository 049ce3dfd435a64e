/** The code that a failed start or command ends with, so that whatever started it knows whether another try can help. */
import { ConfigError } from '../config/config.ts';
import { QuireError, StartError } from '../errors.ts';

export const EXIT = {
  /** Something unexpected, or a command that did not complete. */
  failed: 1,
  /** Wrong arguments. */
  commandLine: 2,
  /** The store is away: another try may help. */
  storeAway: 5,
  /** A setting is wrong: another try does not help (EX_CONFIG of sysexits). */
  setting: 78,
} as const;

/** What PostgreSQL answers when DATABASE_URL names a database, user or password that it does not have, or a user without rights. */
const WRONG_DATABASE_URL = /^(3D000|28000|28P01|42501)$/;
/** What a server says of a missing or wrong password, and Redis of a wrong user or number of a database. */
const NOT_LET_IN = /WRONGPASS|NOAUTH|NOPERM|invalid password|DB index|asks for a password/;
/** What the system says of a directory that cannot be made or written to. A full disk is not among it. */
const WRONG_DIRECTORY = /^(ENOENT|ENOTDIR|EACCES|EPERM|EROFS|ENAMETOOLONG|ELOOP|EEXIST)$/;

/** The code for an error that ends the process. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigError || error instanceof StartError) return EXIT.setting;
  if (!(error instanceof QuireError) || error.code !== 'store-unavailable') return EXIT.failed;
  return isWrongSetting(error) ? EXIT.setting : EXIT.storeAway;
}

function isWrongSetting({ message, cause }: QuireError): boolean {
  const { code = '' } = (cause ?? {}) as { code?: string };
  if (message.startsWith('DATA_DIR ')) return cause === undefined || WRONG_DIRECTORY.test(code);
  return WRONG_DATABASE_URL.test(code) || NOT_LET_IN.test(message);
}
