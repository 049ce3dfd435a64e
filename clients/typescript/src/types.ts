/** Short names for the shapes of openapi.yaml. */
import type { components } from './schema.ts';

type Schemas = components['schemas'];

export type Book = Schemas['Book'];
export type Batch = Schemas['Batch'];
export type Item = Schemas['Item'];
export type Problem = Schemas['Problem'];
export type Submission = Schemas['SubmitAnswer'];
/** The options of a submission: all members of the body but the links themselves. */
export type SubmitOptions = Omit<Schemas['LinksWithOptions'], 'urls' | 'dryRun' | 'open'>;
