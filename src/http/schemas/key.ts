/** Keys and sessions in the API. */
import { Type } from 'typebox';
import { SCOPES } from '../../domain/access/scope.ts';

const ScopeList = Type.Array(Type.Enum([...SCOPES], { type: 'string' }), {
  description: 'What may be done: `read` reads, `submit` brings work, `admin` does everything.',
  examples: [['read', 'submit']],
});
const Instant = Type.String({ format: 'date-time' });

export const SessionSchema = Type.Object(
  {
    keysRequired: Type.Boolean({ description: 'Whether requests need a key. Without keys everybody may do everything.' }),
    via: Type.Enum(['none', 'key', 'session'], { type: 'string', description: 'How the request says who asks.' }),
    name: Type.Union([Type.String(), Type.Null()], { description: 'The name of the key.' }),
    scopes: ScopeList,
    expiresAt: Type.Union([Instant, Type.Null()], { description: 'When the session or the key ends.' }),
  },
  { title: 'Session', description: 'Who asks, and what that caller may do.' },
);

export const SignInSchema = Type.Object(
  { key: Type.String({ minLength: 1, maxLength: 1000, description: 'The key itself.' }) },
  { additionalProperties: false, examples: [{ key: `quire_${'x'.repeat(43)}` }] },
);

const limit = (description: string) =>
  Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: 1_000_000_000 }), Type.Null()], { description }));

const LimitsSchema = Type.Object(
  {
    requestsPerSecond: limit('Requests a second.'),
    linksPerDay: limit('Links of submissions a day, from 0:00 UTC.'),
    waitingJobs: limit('Jobs that wait for batches of this key.'),
  },
  { title: 'KeyLimits', additionalProperties: false, description: 'What the key may use. `null`: no limit.' },
);

const KeySchema = Type.Object(
  {
    id: Type.String({ description: 'Names the key. It tells nothing about the key itself.', examples: ['k0a1b2c3d4e5'] }),
    name: Type.String({ description: 'Who or what has it.', examples: ['library-import'] }),
    scopes: ScopeList,
    limits: LimitsSchema,
    from: Type.Enum(['store', 'file', 'environment'], {
      type: 'string',
      description: 'Where the key is kept. Only keys of the store can be revoked here.',
    }),
    createdAt: Type.Union([Instant, Type.Null()], { description: '`null` for a key of `API_KEYS`.' }),
    expiresAt: Type.Union([Instant, Type.Null()], { description: 'From then on the key opens nothing.' }),
    revokedAt: Type.Union([Instant, Type.Null()], { description: 'Since then the key opens nothing.' }),
  },
  { title: 'Key', description: 'A key of the API. Quire keeps only its hash.' },
);

export const KeyListSchema = Type.Object(
  { keys: Type.Array(KeySchema, { description: 'The oldest first.' }) },
  { title: 'KeyList', description: 'All keys.' },
);

export const MadeKeySchema = Type.Object(
  {
    ...KeySchema.properties,
    key: Type.String({ description: 'The key itself. It is shown in this answer and never again.', examples: [`quire_${'x'.repeat(43)}`] }),
  },
  { title: 'NewKey', description: 'A new key, with the key itself.' },
);

export const NewKeySchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, description: 'Who or what gets it.', examples: ['library-import'] }),
    scopes: Type.Array(Type.Enum([...SCOPES], { type: 'string' }), {
      minItems: 1,
      maxItems: 10,
      description: 'What it may do.',
      examples: [['read', 'submit']],
    }),
    expiresAt: Type.Optional(
      Type.Union([Type.String({ minLength: 1, maxLength: 40 }), Type.Null()], {
        description: 'When it ends (RFC 3339). Without it, the key lasts until it is revoked.',
        examples: ['2031-01-01T00:00:00Z'],
      }),
    ),
    limits: Type.Optional(LimitsSchema),
  },
  { additionalProperties: false, examples: [{ name: 'library-import', scopes: ['read', 'submit'] }] },
);

export const KeyParams = Type.Object({ keyId: Type.String({ description: 'As `GET /keys` lists it.', examples: ['k0a1b2c3d4e5'] }) });
