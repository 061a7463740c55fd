/** Swagger UI over the three OpenAPI documents, all from this server. */
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { FastifyPluginAsync } from 'fastify';

/** Its scripts are files; it writes some styles into the page. What it calls is this server. */
const POLICY = {
  'default-src': "'self'",
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'object-src': "'none'",
  'frame-ancestors': "'none'",
  'base-uri': "'none'",
};

export const swaggerUi: FastifyPluginAsync = async (scope) => {
  // The page wants a document of its own scope; what it shows are the three below.
  await scope.register(fastifySwagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Tocsin', version: '3' } },
  });
  const urls = ['v3', 'v2', 'v1'].map((version) => ({ name: version, url: `/api/${version}/openapi.json` }));
  await scope.register(fastifySwaggerUi, {
    routePrefix: '/api/docs',
    staticCSP: POLICY,
    uiConfig: { urls } as object,
  });
};
