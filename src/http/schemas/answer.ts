/** Answers in the OpenAPI document. */
import type { TSchema } from 'typebox';

/** An answer with a body of JSON. */
export const json = <T extends TSchema>(description: string, schema: T) => ({ description, content: { 'application/json': { schema } } });
