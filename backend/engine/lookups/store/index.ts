/*
 * Every statement that changes a lookup is in this folder. One row per (kind, id), however many pages ask. Open means
 * `asked > answered`; an answer sets `answered` to what had been asked when it was claimed, so that a question asked meanwhile
 * stays open.
 */
export * from './answers'
export * from './asks'
export * from './claims'
export * from './refusals'
export * from './wakes'
