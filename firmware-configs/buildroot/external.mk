include $(sort $(wildcard $(BR2_EXTERNAL_EDGECNN_PATH)/package/*/*.mk))
