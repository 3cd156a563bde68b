/*
 * What a control request says, read with a sentence for everything that is wrong with it.
 */

export type Input = Record<string, unknown>

/** A control asked for something that cannot be done; the message says why. */
export class BadControl extends Error {
  readonly statusCode = 400
}

/** @throws {BadControl} */
export function text(input: Input, name: string): string {
  const value = input[name]
  if (typeof value !== 'string' || value === '') throw new BadControl(`${name} is missing`)
  return value
}

/** @throws {BadControl} */
export function oneOf<T extends string>(input: Input, name: string, choices: readonly T[]): T {
  const value = text(input, name)
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw new BadControl(`${name} must be one of ${choices.join(', ')}`)
  return found
}

/** A whole number, or undefined where none is given. @throws {BadControl} */
export function whole(input: Input, name: string): number | undefined {
  if (input[name] === undefined) return undefined
  const value = Number(input[name])
  if (!Number.isInteger(value) || value < 1) throw new BadControl(`${name} must be a whole number from 1 on`)
  return value
}
