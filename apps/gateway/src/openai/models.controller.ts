import { Controller, Get, Inject, Param } from '@nestjs/common';
import { GatewayParts } from '../gateway-parts.js';
import { describeModel, describeModels } from './describe-models.js';

@Controller('v1/models')
export class ModelsController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get()
  async list() {
    return describeModels(this.parts);
  }

  @Get(':id')
  async retrieve(@Param('id') id: string) {
    return describeModel(this.parts, id);
  }
}
