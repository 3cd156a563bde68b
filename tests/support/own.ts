import { hasPostgres } from './postgres'
import { hasRabbitmq } from './rabbitmq'

/*
 * Stories that stop, kill or wipe a service start one of their own, which needs its server commands on this machine.
 * Where the services are elsewhere or in containers these stories are skipped, and the closing lines count them.
 */

const when = (isThere: boolean): jest.It => (isThere ? test : test.skip)

export const withBroker = when(hasRabbitmq())
export const withPostgres = when(hasPostgres())
export const withServices = when(hasRabbitmq() && hasPostgres())
