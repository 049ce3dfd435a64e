/** Who may ask a process that has a port. */
import { createKeys, type Keys } from '../app/access/keys.ts';
import { createSessions, type Sessions } from '../app/access/sessions.ts';
import type { Context } from './parts.ts';

/** Reads the keys, and follows them until the process stops. */
export async function openAccess({ config, log, store, lifecycle, now }: Context): Promise<{ keys: Keys; sessions: Sessions }> {
  const keys = createKeys({ store, apiKeys: config.apiKeys, file: config.apiKeysFile, log, now });
  lifecycle.add('keys', keys, async () => keys.stop());
  await keys.start();
  return { keys, sessions: createSessions({ store, keys, now }) };
}
