/*
 * model_comp_task.c
 *	  Model compression tasks: DescribeModelCompTask and
 *	  DescribeModelCompTasks.
 *
 * Where the documentation spells a member in two ways ("status" in its field
 * tables, "state" in its examples), the field table's name comes first: it is
 * what the vendor's own clients read from live answers.
 *
 * src/resource/model_comp_task.c
 */
#include "postgres.h"

#include "resource/resource.h"

static const QfColumn columns[] = {
	{"id", "text", {"id"}, QF_VALUE_TEXT, true,
	"identifier of the compression task"},
	{"name", "text", {"name"}, QF_VALUE_TEXT, true,
	"name of the task"},
	{"state", "text", {"status", "state"}, QF_VALUE_TEXT, true,
	"creating, running, succeeded, failed, stopping or stopped, as the API sent it"},
	{"source_model_id", "text", {"sourceModelId"}, QF_VALUE_REFERENCE, true,
	"model version that is compressed"},
	{"model_id", "text", {"modelId", "targetModelId"}, QF_VALUE_REFERENCE, true,
	"model version that was produced, once the task has succeeded"},
	{"strategy", "text", {"config.strategy"}, QF_VALUE_TEXT, false,
	"Quantization or Sparsity"},
	{"weight", "text", {"config.weight"}, QF_VALUE_TEXT, false,
	"quantization of the weights, for strategy Quantization"},
	{"sparsity_ratio", "float8", {"config.sparsityRatio"}, QF_VALUE_NUMBER, false,
	"share of weights set to zero, for strategy Sparsity"},
	{"create_time", "timestamptz", {"createTime"}, QF_VALUE_TIME, true,
	"when the task was created"},
	{"finish_time", "timestamptz", {"finishTime"}, QF_VALUE_TIME, true,
	"when the task ended"},
	{"failed_reason", "text", {"failedReason"}, QF_VALUE_REASON, false,
	"why the task failed"},
	{"description", "text", {"description"}, QF_VALUE_TEXT, true,
	"description of the task"},
	{"config", "jsonb", {"config"}, QF_VALUE_JSON, false,
	"the whole compression configuration"},
};

static const QfFilter filters[] = {
	{"source_model_id", "sourceModelId"},
};

const QfResource qf_model_comp_task = {
	.name = "model_comp_tasks",
	.comment = "model compression tasks of Baidu Qianfan",
	.path = "/v2/model",
	.detail_action = "DescribeModelCompTask",
	.detail_key = "modelCompTaskId",
	.list_action = "DescribeModelCompTasks",
	.list_member = "modelCompTaskList",
	.id_field = "id",
	.columns = columns,
	.ncolumns = lengthof(columns),
	.filters = filters,
	.nfilters = lengthof(filters),
};
