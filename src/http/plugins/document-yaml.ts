/** The OpenAPI document as YAML that people read: no aliases, and a list of plain values on one line. */
import { Document, isScalar, visit } from 'yaml';

/** A longer text is wrapped here, give or take its quotes. */
const LINE_WIDTH = 120;

/** Writes `document` as YAML. */
export function asYaml(document: object): string {
  const yaml = new Document(document, { aliasDuplicateObjects: false });
  visit(yaml, {
    Seq: (_key, node) => {
      node.flow = node.items.length > 0 && node.items.every(isScalar);
    },
  });
  return yaml.toString({ lineWidth: LINE_WIDTH, flowCollectionPadding: false });
}
