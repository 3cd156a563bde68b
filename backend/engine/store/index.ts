/*
 * Every statement that changes a task is in this folder; `tx` comes first where the caller's transaction matters.
 * The fence: each outcome of a step names the claim and the step it was read at. No row back means that another worker holds the
 * task, or nobody does, and nothing of the step may be written.
 */
export * from './cells'
export * from './choice'
export * from './claims'
export * from './events'
export * from './faults'
export * from './foreseen'
export * from './holds'
export * from './inserts'
export * from './jobs'
export * from './lanes'
export * from './priority'
export * from './reopen'
export * from './shares'
export * from './spans'
export * from './steps'
export * from './task'
export * from './tried'
export * from './wakes'
export * from './workers'
