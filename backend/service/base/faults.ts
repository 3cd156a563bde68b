import { type Fault, Refused } from '../../base/errors'

type Check<T> = () => T | Promise<T>

/**
 * Runs every check, so that one error names every fault. An error that is not a fault of the input is thrown at once.
 * @returns the results of the checks
 * @throws {Refused} `input` with every fault found
 */
export async function allChecked<T extends readonly unknown[]>(...checks: { [K in keyof T]: Check<T[K]> }): Promise<T> {
  const faults: Fault[] = []
  const results: unknown[] = []
  for (const check of checks) {
    try {
      results.push(await check())
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'input') throw error
      faults.push(...error.faults)
    }
  }
  if (faults.length > 0) throw Refused.of(faults)
  return results as unknown as T
}
