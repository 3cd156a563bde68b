import { z } from 'zod'
import { isDay } from '../calendar'
import { refusalsWith } from './refusals'

/*
 * What the routes that read the store share; they answer in the words of the admin API its users know.
 */

export const refusals = refusalsWith({ missing: 'SNAPSHOT_NOT_FOUND', conflict: 'CONFLICT' })

export const number = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`
  return z.coerce.number({ error }).int(error).min(least, error).max(most, error)
}
export const day = z.string().refine(isDay, 'must be a date like 2024-01-31')

/** When an answer was made, and how long that took. */
export const timed = async <T>(work: Promise<T>): Promise<{ found: T; took: number; at: string }> => {
  const began = performance.now()
  const found = await work
  return { found, took: Math.round(performance.now() - began), at: new Date().toISOString() }
}
