export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined }
/** A record's identity as its source writes it; compared as text. */
export type Id = string

/** The value that a text holds as JSON; undefined for a text that is none. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Whether a value is an object with fields: no list, no null. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
