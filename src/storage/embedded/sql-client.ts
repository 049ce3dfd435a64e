/** The store's SQL on PGlite's one session. */
import { inSchema, type SqlClient } from '../postgres/sql-client.ts';
import type { Session } from './session.ts';

/** `session` is asked for at each call, since it exists only between start and stop. */
export function createEmbeddedClient(session: () => Session, schema: string): SqlClient {
  const texts = new Map<string, string>();
  const textOf = (name: string, text: string): string => {
    let known = texts.get(name);
    if (known === undefined) texts.set(name, (known = inSchema(schema, text)));
    return known;
  };

  return {
    async query(query, params = []) {
      return (await session().run(textOf(query.name, query.text), params)).rows as never;
    },
    async script(text) {
      await session().script(inSchema(schema, text));
    },
    transaction: (work) =>
      session().exclusive(async (own) => {
        await own.script('BEGIN');
        try {
          const result = await work(async (text, params) => {
            const given = inSchema(schema, text);
            return (params ? await own.run(given, params) : await own.script(given)).rows as never;
          });
          await own.script('COMMIT');
          return result;
        } catch (error) {
          await own.script('ROLLBACK');
          throw error;
        }
      }),
    async listen(channel, onPayload) {
      session().onNotification((heard, payload) => {
        if (heard === channel) onPayload(payload);
      });
      await session().setUp(`LISTEN ${channel}`);
    },
  };
}
