import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {checkModels} from "../../warehouse/models.ts";
import {checkOutput} from "../../warehouse/portable.ts";
import type {Warehouse} from "../../warehouse/warehouse.ts";
import {expectCase, temporaries} from "./cases.ts";
import {build, emptyWarehouse, models} from "./warehouse-fixture.ts";

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await emptyWarehouse();
  await build(warehouse, "2020-06-30");
  await temporaries(warehouse, models);
});
afterAll(() => warehouse.close());

describe("models", () => {
  it("every one is portable SQL", async () => {
    expect(await checkModels(warehouse, models)).toEqual([]);
  });

  it("every one gives columns of portable types", async () => {
    const offences = [];
    for (const model of models.filter(({layer}) => layer !== "staging")) {
      const options = {file: model.file, staging: false, notNull: []};
      offences.push(...(await checkOutput(warehouse, `select * from ${model.relation}`, options)));
    }
    expect(offences).toEqual([]);
  });

  it("every one has a case, and every built one a grain", () => {
    expect(models.filter(({twin}) => twin.cases.length === 0).map(({name}) => name)).toEqual([]);
    const grainless = models.filter(({layer, twin}) => layer !== "staging" && twin.grain === undefined);
    expect(grainless.map(({name}) => name)).toEqual([]);
  });

  it("every indicator says what the catalogue shows", () => {
    for (const {name, layer, twin} of models) {
      if (layer !== "indicators") continue;
      expect(twin, name).toMatchObject({
        paragraph: expect.any(String),
        definition: expect.any(String),
        formula: expect.any(String),
        unit: expect.any(String),
        additivity: expect.any(String),
        disclosure: expect.any(String)
      });
    }
  });
});

describe.each(models.map(model => [model.relation, model] as const))("%s", (_, model) => {
  it.each(model.twin.cases.map(item => [item.name, item] as const))("%s", async (_name, item) => {
    await expectCase(warehouse, model, item);
  });
});
