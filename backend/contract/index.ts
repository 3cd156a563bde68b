/*
 * The words, once. Code, tables, commands and documents use no synonyms.
 *   source    an upstream whose history is read, with a folder of its own in backend/sources
 *   stream    one kind of thing that a source lists: killmail pages, receipts, repos
 *   job       one request of a person or a program, split into tasks
 *   task      one partition of a job: a stream, a key and exactly one cursor
 *   lane      a group of tasks of which only so many run at once (its width)
 *   stage     order inside a lane: a stage starts when the one before it has settled
 *   step      one page of one task: read it, commit it
 *   turn      the steps that a worker does for one delivery
 *   lookup    one (kind, id) to enrich: requested by many jobs, answered once
 *   gate      tells every outgoing request when it may be sent
 *   wake-up   the message that tells a worker to check for work
 *   settled   done, skipped (with a reason), failed or cancelled
 *   reject    one record that was not stored because it is invalid
 */

export type * from './accounts'
export type * from './api'
export * from './bisect'
export type * from './check'
export type * from './command'
export type * from './credential-store'
export type * from './credentials'
export type * from './failure-kind'
export * from './feed'
export * from './gather'
export type * from './grid'
export type * from './hooks'
export type * from './io'
export type * from './listener'
export type * from './lookup'
export type * from './missing'
export * from './params'
export type * from './preview'
export * from './problem'
export * from './route'
export * from './settings'
export * from './source'
export * from './stream'
export type * from './tokens'
