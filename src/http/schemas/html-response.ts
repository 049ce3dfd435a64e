/** A page in the OpenAPI document. */
import { Type } from 'typebox';

export const HTML_RESPONSE = {
  description: 'A page.',
  content: { 'text/html': { schema: Type.String({ title: 'HtmlPage', description: 'A page for a browser.' }) } },
};
