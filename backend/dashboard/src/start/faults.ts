import { Problem } from '../api/client'

/** The errors of a problem by the path of their input, without the prefix `params.` of the request. */
export function faultsOf(problem: unknown, known: readonly string[]): Record<string, string> {
  if (!(problem instanceof Problem)) return {}
  const faults: Record<string, string> = {}
  for (const { field, message } of problem.fields) {
    const path = field.replace(/^params\.?/, '')
    const at = known.find((name) => name === path) ?? known.find((name) => path.startsWith(`${name}.`))
    if (at !== undefined) faults[at] = plainly(message, field)
  }
  return faults
}

/** Beside its input, an error need not name the field. */
const plainly = (message: string, field: string): string => (message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message)
