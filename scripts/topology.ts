import { Refused } from '../backend/base/errors'
import { allowClosedPipes } from '../backend/base/stdio'
import { readConfig } from '../backend/config/config'
import { sources } from '../backend/sources'
import { declareTopologyAt, TOPOLOGY } from '../queues/topology'

async function main(): Promise<void> {
  const { rabbitmqUrl } = readConfig(sources)
  await declareTopologyAt(rabbitmqUrl)
  const { host, pathname } = new URL(rabbitmqUrl)
  console.log(`RabbitMQ at ${host}, vhost ${decodeURIComponent(pathname.slice(1)) || '/'}: ${TOPOLOGY.length} queues declared.`)
}

allowClosedPipes()
main().catch((error: Error) => {
  console.error(error.message)
  process.exitCode = error instanceof Refused ? 78 : 1
})
