/** Memory and CPU time of processes, as the system counts them. */
import { readFile } from 'node:fs/promises';

const MEBIBYTE = 1 << 20;

async function statusMebibytes(pid: number, name: 'VmHWM' | 'VmRSS'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024) / MEBIBYTE;
}

/** Most memory a process ever held, in MiB. */
export const peakMebibytes = (pid: number): Promise<number> => statusMebibytes(pid, 'VmHWM');

/** The memory that a process holds now, in MiB. */
export const residentMebibytes = (pid: number): Promise<number> => statusMebibytes(pid, 'VmRSS');

const TICKS_A_SECOND = 100;

/** CPU time that a process and its children used so far, in seconds; children that have ended count too. */
export async function cpuSeconds(pid: number): Promise<number> {
  const ofOne = async (one: string): Promise<number> => {
    const stat = await readFile(`/proc/${one}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // utime, stime, and those of children that have ended.
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_A_SECOND;
  };
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')).split(' ').filter(Boolean);
  const times = await Promise.all([String(pid), ...children].map(ofOne));
  return times.reduce((sum, seconds) => sum + seconds, 0);
}
