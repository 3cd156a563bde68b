export { type Postgres, startPostgres } from './postgres'
export { type Broker, startBroker } from './rabbitmq'
