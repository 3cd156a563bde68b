import { z } from 'zod'
import { baseUrl, type Settings } from '../../../contract'

export const settings = {
  SHOPIFY_URL: {
    schema: baseUrl('https://{shop}.myshopify.com').refine((url) => url.includes('{shop}'), 'must contain {shop}'),
    about: "Base URL of Shopify's shops; {shop} stands for the name of one.",
  },
  SHOPIFY_API_VERSION: {
    schema: z
      .string()
      .regex(/^\d{4}-(01|04|07|10)$/, 'must be a version of the Admin API, such as 2026-10')
      .default('2026-10'),
    about: 'Version of the Admin API of Shopify; one lasts a year.',
  },
  SHOPIFY_CLIENT_ID: { schema: z.string().trim().optional(), about: 'Client id of the Shopify app through which people connect shops.' },
  SHOPIFY_CLIENT_SECRET: {
    schema: z.string().trim().optional(),
    about: 'Client secret of that app, which also signs what Shopify sends to the callback.',
    secret: true,
  },
} satisfies Settings
