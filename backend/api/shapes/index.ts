/*
 * Every shape of the REST API, once: requests are validated and answers serialized by these, and the OpenAPI document is made of them. A
 * request with an unknown field is refused.
 */

export * from './access'
export * from './alerts'
export * from './commands'
export * from './common'
export * from './dead-letters'
export * from './history'
export * from './jobs'
export * from './limits'
export * from './log'
export * from './refusals'
export * from './schedules'
export * from './suite'
export * from './tasks'
export * from './webhooks'
