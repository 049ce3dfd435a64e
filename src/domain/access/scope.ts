/** What a key may do. */

/** `read` reads, `submit` brings work and looks after it, `admin` does everything else, and both of these. */
export const SCOPES = ['read', 'submit', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Whether a caller with these scopes may do what needs `wanted`. */
export const allows = (scopes: readonly Scope[], wanted: Scope): boolean => scopes.includes(wanted) || scopes.includes('admin');

/** Scopes in one order, each once. */
export const sortedScopes = (scopes: readonly Scope[]): Scope[] => SCOPES.filter((scope) => scopes.includes(scope));
