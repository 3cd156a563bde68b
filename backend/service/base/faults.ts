import { type Fault, Refused } from '../../base/errors'

type Check<T> = () => T | Promise<T>

/**
 * Makes every check, so that one refusal names every fault. What is no fault of the input (something missing, an error) is thrown at once.
 * @returns what the checks returned
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
