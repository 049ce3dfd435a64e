/** What a failed keyword of a schema means in words. The words of the schema library name keywords, which callers do not know. */

/** What TypeBox tells of a failed keyword. */
export interface KeywordFault {
  keyword: string;
  params: object;
  message: string;
}

interface Params {
  allowedValues?: unknown[];
  requiredProperties?: string[];
  limit?: number | string;
  type?: string | string[];
  pattern?: string | RegExp;
  format?: string;
}

const KINDS: Record<string, string> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

const counted = (limit: number | string | undefined, one: string): string =>
  `${Number(limit).toLocaleString('en')} ${one}${Number(limit) === 1 ? '' : 's'}`;

const SENTENCES: Record<string, (params: Params) => string | null> = {
  enum: ({ allowedValues = [] }) => `must be one of ${allowedValues.join(', ')}`,
  required: ({ requiredProperties = [] }) => `must have ${requiredProperties.join(', ')}`,
  type: ({ type = [] }) =>
    `must be ${[type]
      .flat()
      .map((one) => KINDS[one] ?? one)
      .join(' or ')}`,
  minItems: ({ limit }) => `must have at least ${counted(limit, 'item')}`,
  maxItems: ({ limit }) => `must have at most ${counted(limit, 'item')}`,
  minLength: ({ limit }) => (limit === 1 ? 'must not be empty' : `must have at least ${counted(limit, 'character')}`),
  maxLength: ({ limit }) => `must have at most ${counted(limit, 'character')}`,
  minimum: ({ limit }) => `must be at least ${limit}`,
  maximum: ({ limit }) => `must be at most ${limit}`,
  exclusiveMinimum: ({ limit }) => `must be more than ${limit}`,
  exclusiveMaximum: ({ limit }) => `must be less than ${limit}`,
  pattern: ({ pattern }) => `must match the pattern ${pattern instanceof RegExp ? pattern.source : pattern}`,
  format: ({ format }) => `must be a valid ${format}`,
  uniqueItems: () => 'must not have the same item twice',
  // A field too many is told at the field itself, by the `false` that stands for its schema.
  additionalProperties: () => null,
  boolean: () => 'is not a field that is known here',
  anyOf: () => 'is of none of the forms that are taken',
};

/** The sentence without its subject, which is the pointer to the value; `null` for a keyword that only repeats what others say. */
export const faultSentence = ({ keyword, params, message }: KeywordFault): string | null =>
  Object.hasOwn(SENTENCES, keyword) ? (SENTENCES[keyword]?.(params) ?? null) : message;
