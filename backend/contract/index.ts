/*
 * The words, once. Code, tables, commands and documents use no synonyms.
 *   source    whose history is read: an upstream, with a folder of its own in backend/sources
 *   stream    what is listed together by a source: killmail pages, receipts, repos
 *   job       what somebody asked for
 *   task      one partition of a job: a stream, a key and exactly one cursor
 *   lane      tasks that must not run side by side more than the lane's width
 *   stage     order inside a lane: a stage starts when the earlier one has settled
 *   step      one page of one task: read, commit
 *   turn      the steps a worker does on one delivery
 *   lookup    one (kind, id) to enrich, asked for by many, answered once
 *   gate      grants every outgoing request its moment
 *   wake-up   the message that tells a worker to check for work
 *   settled   done, skipped (with a reason), failed or cancelled
 *   reject    one rejected record
 */

export type * from './api'
export * from './bisect'
export type * from './check'
export type * from './command'
export * from './feed'
export * from './gather'
export type * from './io'
export type * from './listener'
export type * from './lookup'
export * from './params'
export * from './problem'
export * from './route'
export * from './settings'
export * from './source'
export * from './stream'
