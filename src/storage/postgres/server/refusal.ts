/** Why PostgreSQL gives no answer that can be used, in a sentence with the remedy. */

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? '';

/** `place` is `host:port/database`; `setting` names where the address comes from. Nothing of the URL itself is told: it has a password. */
export function refusalOf(cause: unknown, place: string, setting = 'DATABASE_URL'): string {
  const said = ((cause as Error).message || codeOf(cause)).replace(/\.$/, '');
  const at = `PostgreSQL at ${place}`;
  switch (codeOf(cause)) {
    case '3D000':
      return `${at} has no such database (${said}): make it with createdb, or name another in ${setting}.`;
    case '28P01':
      return `${at} refuses the password (${said}): correct user and password in ${setting}.`;
    case '28000':
      return /role .* does not exist/.test(said)
        ? `${at} has no such user (${said}): make the role with createuser, or name another in ${setting}.`
        : `${at} does not let this user in (${said}): check the user in ${setting} and the server's pg_hba.conf.`;
    case '42501':
      return `${at} does not give this user the rights that Quire needs (${said}): grant CREATE on the database, or name another user in ${setting}.`;
    case '53300':
      return `${at} has no connection left (${said}): raise its max_connections; each process of Quire takes up to 20.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${at} cannot be reached, since its host name leads to no address (${said}): check the host in ${setting}.`;
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return `${at} cannot be reached (${said}): check host and port in ${setting}, and that the server runs.`;
    default:
      // The driver's own words for a server that asks for a password when none is given.
      return /must be a string/.test(said)
        ? `${at} asks for a password, and ${setting} has none: add it.`
        : `${at} does not answer (${said}): check ${setting} and that the server runs.`;
  }
}
