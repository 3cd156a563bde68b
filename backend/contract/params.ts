import type { ZodType, z } from 'zod'
import { type Fault, Refused } from '../base/errors'

/**
 * Parses what a person or a producer sent. A schema's message that begins with a small letter follows the field's name:
 * `must be a date` makes `options.fromDate must be a date.`
 * @throws {Refused} `input` with every fault found
 */
export function parsed<T>(schema: ZodType<T>, raw: unknown): T {
  const result = schema.safeParse(raw)
  if (result.success) return result.data
  throw Refused.of(result.error.issues.flatMap(faultsOf))
}

function faultsOf({ path, message, ...issue }: z.core.$ZodIssue): Fault[] {
  if (issue.code !== 'unrecognized_keys') return [faultAt(path.join('.'), message)]
  return issue.keys.map((key) => faultAt([...path, key].join('.'), message))
}

function faultAt(field: string, message: string): Fault {
  if (field === '' || message.startsWith(field)) return { field, message }
  return { field, message: /^[a-z]/.test(message) ? `${field} ${message}.` : `${field}: ${message}` }
}

/** Everything in a record of an upstream that its schema does not allow, in one line. */
export const issuesOf = ({ issues }: Pick<z.ZodError, 'issues'>): string =>
  issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')
