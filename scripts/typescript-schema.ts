/** The types of the TypeScript client, made from the OpenAPI document. */
import openapiTS, { astToString } from 'openapi-typescript';

/** `clients/typescript/src/schema.ts` as the document has it. */
export async function typescriptSchema(yaml: string): Promise<string> {
  // A member with a default may be left out of a request: so it is optional.
  const nodes = await openapiTS(yaml, { defaultNonNullable: false });
  return `/** Made from openapi.yaml by \`npm run openapi\`. */\n\n${astToString(nodes)}`;
}
