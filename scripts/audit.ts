/**
 * `npm run audit`: asks the registry for known faults of the packages that Quire runs with, and fails from `high` on. A service that is away
 * is reported and fails nothing: the exit code is then {@link NOT_CHECKED}.
 */
import { spawnSync } from 'node:child_process';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/** Exit code of a gate that could not look (EX_TEMPFAIL). Its last line says why. */
export const NOT_CHECKED = 75;

const ARGUMENTS = ['audit', '--omit=dev', '--audit-level=high', '--json', '--fetch-retries=1', '--fetch-timeout=20000'];
const DEADLINE_MS = 90_000;

export interface AuditVerdict {
  code: 0 | 1 | typeof NOT_CHECKED;
  /** What to print. */
  lines: string[];
}

interface Report {
  vulnerabilities?: Record<string, { severity: string; range?: string; via?: (string | { title?: string; url?: string })[] }>;
  metadata?: { vulnerabilities?: Record<string, number> };
  message?: string;
  error?: { summary?: string; code?: string };
}

const SEVERE = new Set(['high', 'critical']);

function parse(text: string): Report {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return {};
  }
}

/** What the answer of `npm audit --json` means. Only a report that counts faults is an answer; all else is a service that is away. */
export function verdictOf(stdout: string, stderr: string): AuditVerdict {
  const { vulnerabilities = {}, metadata, message, error } = parse(stdout);
  if (metadata?.vulnerabilities === undefined) {
    const reason = message ?? error?.summary ?? stderr.split('\n').find((line) => line.trim() !== '') ?? 'it gave no answer';
    return { code: NOT_CHECKED, lines: [`The audit service is away, so nothing was checked: ${reason.trim()}`] };
  }
  const severe = Object.entries(vulnerabilities).filter(([, { severity }]) => SEVERE.has(severity));
  const lines = severe.map(([name, { severity, range = '', via = [] }]) => {
    const said = via.map((one) => (typeof one === 'string' ? `by ${one}` : `${one.title ?? ''} ${one.url ?? ''}`.trim()));
    return `${severity}: ${name} ${range}: ${said.join('; ')}`;
  });
  const counts = Object.entries(metadata.vulnerabilities).map(([severity, count]) => `${count} ${severity}`);
  return { code: severe.length > 0 ? 1 : 0, lines: [...lines, `Known faults: ${counts.join(', ')}.`] };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { stdout, stderr, error } = spawnSync('npm', ARGUMENTS, { encoding: 'utf8', timeout: DEADLINE_MS });
  const { code, lines } = verdictOf(stdout ?? '', error ? error.message : (stderr ?? ''));
  process.stdout.write(`${lines.join('\n')}\n`);
  process.exitCode = code;
}
