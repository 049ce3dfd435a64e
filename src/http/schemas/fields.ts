/** Fields that many schemas have. Each says what it means where it stands. */
import { Type, type TSchema } from 'typebox';

export const orNull = <T extends TSchema>(schema: T, description: string) => Type.Union([schema, Type.Null()], { description });

export const text = (description: string) => Type.String({ description });
export const textOrNull = (description: string) => orNull(Type.String(), description);
export const time = (description: string) => Type.String({ format: 'date-time', description });
export const timeOrNull = (description: string) => orNull(Type.String({ format: 'date-time' }), description);
export const whole = (description: string) => Type.Integer({ minimum: 0, description });
export const numberOrNull = (description: string) => orNull(Type.Number(), description);

export const BatchIdField = text('The batch, for `GET /batches/{batchId}`.');
export const JobIdField = text('The job, for `GET /jobs/{jobId}`.');
export const BookIdField = text("Goodreads' book number.");
export const BookIdOrNullField = textOrNull("Goodreads' book number; `null` while only an ISBN or an ASIN is known.");
export const BookUrlField = text('The canonical address of the book.');
export const NextCursorField = textOrNull('Where the next page begins: send it as `cursor`. `null` on the last page.');
