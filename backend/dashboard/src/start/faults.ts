import { Problem } from '../api/client'

/** A problem's faults by the path of their input; `params.` before it is the request's, not the form's. */
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

/** At its input a fault need not name it again. */
const plainly = (message: string, field: string): string => (message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message)
