import { z } from 'zod'
import type { Id } from '../../base/json'

const LARGEST = 9_223_372_036_854_775_807n

/** An id of EVE as people write it; `007` and `7` are the same. */
export const idText = z.string().transform((given, context): Id => {
  const text = given.trim()
  const fault = (message: string) => context.addIssue({ code: 'custom', message })
  if (!/^[+-]?\d+$/.test(text)) fault('must be a whole number')
  else if (BigInt(text) <= 0n) fault('must be greater than zero')
  else if (BigInt(text) > LARGEST) fault('is too large for an id')
  else return BigInt(text).toString()
  return z.NEVER
})
