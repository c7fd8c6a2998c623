import { Controller, Get, Inject, Param } from '@nestjs/common';
import { getModel, models } from '@reelay/contracts/models';
import { listLaneStates } from '@reelay/db/lanes/list-lane-states';
import { GatewayParts } from '../gateway-parts.js';
import { modelObjectOf } from './model-object.js';

@Controller('v1/models')
export class ModelsController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get()
  async list() {
    const lanes = await listLaneStates(this.parts.database);
    return { object: 'list', data: models.map((model) => modelObjectOf(model, lanes)) };
  }

  @Get(':id')
  async retrieve(@Param('id') id: string) {
    const model = getModel(id);
    return modelObjectOf(model, await listLaneStates(this.parts.database));
  }
}
