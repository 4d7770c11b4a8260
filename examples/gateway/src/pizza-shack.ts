import type { ApiArtifacts, ApiKey } from './artifact-store.js';
import { SUPER_TENANT } from './users.js';

/** The same API of two tenants. */
export const PIZZA_SHACK_KEYS: readonly ApiKey[] = [SUPER_TENANT, 'pizza.example'].map((tenantDomain) => ({
  apiName: 'PizzaShackAPI',
  version: '1.0.0',
  tenantDomain,
}));

/** The API that is in storage when the gateway starts: a proxy of a pizza shop, in Synapse notation. */
export const PIZZA_SHACK: ApiArtifacts = {
  api: `<api xmlns="http://ws.apache.org/ns/synapse" name="admin--PizzaShackAPI" context="/pizzashack/1.0.0" version="1.0.0" version-type="context">
  <resource methods="GET" uri-template="/menu" faultSequence="fault">
    <inSequence><send><endpoint key="PizzaShackAPI--v1.0.0_APIproductionEndpoint"/></send></inSequence>
    <outSequence><send/></outSequence>
  </resource>
  <resource methods="POST" uri-template="/order" faultSequence="fault">
    <inSequence><send><endpoint key="PizzaShackAPI--v1.0.0_APIproductionEndpoint"/></send></inSequence>
    <outSequence><send/></outSequence>
  </resource>
</api>`,
  endpoints: {
    'PizzaShackAPI--v1.0.0_APIproductionEndpoint':
      '<endpoint xmlns="http://ws.apache.org/ns/synapse" name="PizzaShackAPI--v1.0.0_APIproductionEndpoint"><http uri-template="https://localhost:9443/am/sample/pizzashack/v1/api/"/></endpoint>',
    'PizzaShackAPI--v1.0.0_APIsandboxEndpoint':
      '<endpoint xmlns="http://ws.apache.org/ns/synapse" name="PizzaShackAPI--v1.0.0_APIsandboxEndpoint"><http uri-template="https://localhost:9443/am/sample/pizzashack/v1/api/"/></endpoint>',
  },
  sequences: {
    'admin--PizzaShackAPI:v1.0.0--In':
      '<sequence xmlns="http://ws.apache.org/ns/synapse" name="admin--PizzaShackAPI:v1.0.0--In"><log level="custom"><property name="api" value="PizzaShackAPI"/></log></sequence>',
  },
  localEntries: {
    'PizzaShackAPI-1.0.0':
      '<localEntry xmlns="http://ws.apache.org/ns/synapse" key="PizzaShackAPI-1.0.0">{"openapi":"3.0.0","info":{"title":"PizzaShackAPI","version":"1.0.0"},"paths":{"/menu":{"get":{}},"/order":{"post":{}}}}</localEntry>',
  },
};
