/**
 * Tells systemd when the service is ready and when it stops, for units with `Type=notify`. Node cannot send to a datagram socket of the file
 * system, so `systemd-notify`, which comes with systemd, does it. Protocol: sd_notify(3).
 */
import { execFile } from 'node:child_process';

/** systemd-notify waits for the manager to take the message. */
const NOTIFY_DEADLINE_MS = 5_000;

export type SystemdState = 'READY=1' | 'STOPPING=1';

export interface SystemdOptions {
  /** The value of `NOTIFY_SOCKET`, which systemd sets for units with `Type=notify`. */
  socket: string | undefined;
  /** Where `systemd-notify` is looked for: the value of `PATH`. */
  path: string | undefined;
  onFault(message: string): void;
}

/** Makes the function that tells a state and a sentence for `systemctl status`. It never rejects. Without a socket it does nothing. */
export function createSystemdNotice({ socket, path, onFault }: SystemdOptions): (state: SystemdState, status: string) => Promise<void> {
  if (socket === undefined || socket === '') return () => Promise.resolve();
  return (state, status) =>
    new Promise((resolve) => {
      const options = { timeout: NOTIFY_DEADLINE_MS, env: { PATH: path, NOTIFY_SOCKET: socket } };
      execFile('systemd-notify', [state, `STATUS=${status}`], options, (error, _said, told) => {
        if (error)
          onFault(
            `systemd was not told ${state} (${told.trim() || error.message}): install systemd-notify, and set NotifyAccess=all in the unit`,
          );
        resolve();
      });
    });
}
